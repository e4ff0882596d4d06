/* Tells when somebody opens the search: until then its index and its program are not loaded. */
(function () {
  "use strict";

  const PLACES = ".md-search, #__search, [for='__search']";
  const SIGNS = ["change", "click", "focusin", "pointerdown"];
  const waiting = [];

  // An address with a question asks for the search at once.
  let opened = /[?&][hq]=/.test(location.search);

  function notice(event) {
    if (!(event.target instanceof Element) || event.target.closest(PLACES) === null) {
      return;
    }
    opened = true;
    SIGNS.forEach((sign) => document.removeEventListener(sign, notice, true));
    waiting.splice(0).forEach((act) => act());
  }

  SIGNS.forEach((sign) => document.addEventListener(sign, notice, true));

  window.hcreportSearch = {
    whenOpened: (act) => (opened ? act() : void waiting.push(act)),
  };
})();
