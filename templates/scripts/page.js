/* Gives parts of the theme the names and roles that a screen reader needs. */
(function () {
  "use strict";

  const search = document.querySelector(".md-search[role=dialog]:not([aria-label])");
  const field = search && search.querySelector("input");
  if (field) {
    search.setAttribute("aria-label", field.getAttribute("aria-label"));
  }

  // Beside each piece of code the theme adds a landmark without a name, for one button.
  function settle() {
    document.querySelectorAll("nav.md-code__nav:not([role])").forEach((each) => {
      each.setAttribute("role", "none");
    });
  }

  const article = document.querySelector("article");
  if (article) {
    settle();
    new MutationObserver(settle).observe(article, { childList: true, subtree: true });
  }
})();
