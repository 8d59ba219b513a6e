// Runs before the first paint: the person's theme, density and language, and a plain sentence for
// browsers that cannot show the page. Everything else is in the program.
(() => {
  const root = document.documentElement;
  const kept = (key) => {
    try {
      return localStorage.getItem(`masteria.${key}`);
    } catch {
      return null;
    }
  };
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (kept("density") === "compact") root.dataset.density = "compact";
  root.lang = kept("language")?.startsWith("en") ? "en" : "pt-BR";
  if (kept("signed_in") === "yes" && !location.pathname.startsWith("/entrar")) root.dataset.boot = "app";
  if (!CSS.supports("color", "light-dark(red, blue)")) {
    root.dataset.boot = "old";
    addEventListener("DOMContentLoaded", () => {
      document.querySelector(".boot-old").hidden = false;
    });
  }
})();
