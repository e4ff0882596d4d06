/* Tables that scroll sideways can be scrolled with the keyboard, and have a name. */
(function () {
  "use strict";

  function nameOf(scroller) {
    var before = scroller;
    while (before && before.parentElement) {
      while (before.previousElementSibling) {
        before = before.previousElementSibling;
        if (/^H[1-6]$/.test(before.tagName)) {
          return before.textContent.replace("¶", "").trim();
        }
      }
      before = before.parentElement;
    }
    return document.title;
  }

  document.querySelectorAll(".md-typeset__scrollwrap").forEach(function (scroller) {
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", "Table: " + nameOf(scroller));
  });
})();
