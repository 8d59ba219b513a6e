//! Signing in.

/// The words.
pub(crate) struct SignIn {
    pub title: &'static str,
    pub hello: &'static str,
    pub email: &'static str,
    pub password: &'static str,
    pub submit: &'static str,
    pub email_missing: &'static str,
    pub password_missing: &'static str,
    pub about: &'static str,
    pub claim: &'static str,
    pub claim_text: &'static str,
    pub all_works: &'static str,
    pub not_reached: &'static str,
    pub signed_out: &'static str,
}

pub(super) const PORTUGUESE: SignIn = SignIn {
    title: "Entrar",
    hello: "Use o e-mail e a senha que a sua empresa cadastrou.",
    email: "E-mail",
    password: "Senha",
    submit: "Entrar",
    email_missing: "Escreva o seu e-mail.",
    password_missing: "Escreva a sua senha.",
    about: "Sobre o produto",
    claim: "Cada número abre os fatos que o formam.",
    claim_text: "Conversas e números no mesmo lugar. Nada do que chega se perde, nada sai duas vezes, e o que aconteceu pode ser provado.",
    all_works: "Tudo funcionando",
    not_reached: "Servidor fora do alcance",
    signed_out: "Sua sessão terminou. Entre de novo; seus rascunhos continuam neste aparelho.",
};

pub(super) const ENGLISH: SignIn = SignIn {
    title: "Sign in",
    hello: "Use the e-mail and password that your company registered.",
    email: "E-mail",
    password: "Password",
    submit: "Sign in",
    email_missing: "Write your e-mail.",
    password_missing: "Write your password.",
    about: "About the product",
    claim: "Every number opens the events behind it.",
    claim_text: "Conversations and numbers in one place. Nothing that arrives is lost, nothing goes out twice, and what happened can be proved.",
    all_works: "Everything works",
    not_reached: "Server out of reach",
    signed_out: "Your session has ended. Sign in again; your drafts are still on this device.",
};
