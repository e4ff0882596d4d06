/* Gives the first page its dark colours before it is painted, where the system asks for them.

   The theme does this itself from the second page on, and only then. */
(function () {
  "use strict";

  if (!matchMedia("(prefers-color-scheme: dark)").matches) {
    return;
  }

  function isChosen() {
    try {
      return window.__md_get("__palette") !== null;
    } catch {
      return false;
    }
  }

  new MutationObserver((_, observer) => {
    if (document.body) {
      observer.disconnect();
      if (document.body.dataset.mdColorScheme && !isChosen()) {
        document.body.dataset.mdColorScheme = "slate";
      }
    }
  }).observe(document.documentElement, { childList: true });
})();
