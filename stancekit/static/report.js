// The legend's filters: a stance is shown if its button is pressed and its speaker is chosen. Without this script all are shown.
(function (root) {
  var off = {}, speaker = "", marks = root.querySelectorAll("mark[id]"), articles = root.querySelectorAll(".article");
  function each(selector, work) { root.querySelectorAll(selector).forEach(work); }
  function apply() {
    each("[data-labels]", function (item) {
      var labels = item.dataset.labels.split("\n");
      var shown = labels.some(function (label) { return !off[label]; }) && (!speaker || item.dataset.speaker === speaker);
      item.classList.toggle("hide", !shown);
      if (item.id) item.tabIndex = shown ? 0 : -1;
    });
    var all = !speaker && !Object.keys(off).some(function (label) { return off[label]; });
    if (articles.length > 1) articles.forEach(function (article) {
      var empty = !all && !article.querySelector("[data-labels]:not(.hide)");
      article.classList.toggle("hide", empty);
      each('.contents a[href="#' + article.id + '"]', function (link) { link.parentNode.classList.toggle("hide", empty); });
    });
    root.querySelector(".count").textContent = root.querySelectorAll("mark[id]:not(.hide)").length + " of " + marks.length + " shown";
  }
  each(".key button", function (button) {
    button.addEventListener("click", function () {
      off[button.value] = !off[button.value];
      button.setAttribute("aria-pressed", String(!off[button.value]));
      apply();
    });
  });
  each(".key select", function (select) {
    select.addEventListener("change", function () { speaker = select.value; apply(); });
  });
  // One statement's facts at a time: those of the last that was pointed at or gone to. Escape closes them.
  function facts(how) { root.classList.remove("calm", "keys", "mouse"); root.classList.add(how); }
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") facts("calm"); });
  root.addEventListener("focusin", function () { facts("keys"); });
  root.addEventListener("mouseover", function (event) { if (event.target.closest("mark")) facts("mouse"); });
  // A phone lays the table's rows out anew, and some browsers then forget that they are rows.
  var roles = { ".stances": "table", ".stances thead,.stances tbody": "rowgroup", ".stances tr": "row", ".stances th": "columnheader", ".stances td": "cell" };
  Object.keys(roles).forEach(function (part) { each(part, function (item) { item.setAttribute("role", roles[part]); }); });
})((document.currentScript && document.currentScript.closest(".sk")) || document.getElementById("ROOT"));
