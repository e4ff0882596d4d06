/* A table that is wider than the page can be scrolled with the keyboard, and has a name.

   A table that fits takes no stop of the Tab key. */
(function () {
  "use strict";

  const SCROLLERS = ".md-typeset__scrollwrap, .md-typeset__table, table";
  const HEADINGS = "h1, h2, h3, h4, h5, h6";

  /** The last heading above an element, without the sign that links to it. */
  function headingAbove(element) {
    let found = null;
    for (const heading of document.querySelectorAll(HEADINGS)) {
      if (!(heading.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) {
        break;
      }
      found = heading;
    }
    if (found === null) {
      return document.title;
    }
    const copy = found.cloneNode(true);
    copy.querySelectorAll(".headerlink").forEach((link) => link.remove());
    return copy.textContent.trim();
  }

  function isScrolled(element) {
    const way = getComputedStyle(element).overflowX;
    return (way === "auto" || way === "scroll") && element.scrollWidth > element.clientWidth;
  }

  function settle(element) {
    const scrolls = isScrolled(element);
    if (scrolls === element.hasAttribute("tabindex")) {
      return;
    }
    if (scrolls) {
      element.tabIndex = 0;
      if (element.tagName !== "TABLE") {
        element.setAttribute("role", "group");
      }
      element.setAttribute("aria-label", headingAbove(element));
    } else {
      ["tabindex", "role", "aria-label"].forEach((name) => element.removeAttribute(name));
    }
  }

  const article = document.querySelector("article, [role=main], main");
  if (!article || !window.ResizeObserver) {
    return;
  }
  const sizes = new ResizeObserver((entries) => {
    entries.forEach((entry) => {
      const wrapper = entry.target.closest(".md-typeset__scrollwrap");
      (wrapper ? [wrapper, ...wrapper.querySelectorAll(SCROLLERS)] : [entry.target]).forEach(settle);
    });
  });
  const watch = () => article.querySelectorAll(SCROLLERS).forEach((each) => sizes.observe(each));
  watch();
  // The theme puts a frame around each table when the page is ready.
  new MutationObserver(watch).observe(article, { childList: true, subtree: true });
})();
