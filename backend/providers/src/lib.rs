//! Clients and parsers of the outside services.
