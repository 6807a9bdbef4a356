// The legend's filters: a stance is shown if its button is pressed and its speaker is chosen. Without this script all are shown.
(function (root) {
  var off = {}, speaker = "";
  function apply() {
    root.querySelectorAll("[data-labels]").forEach(function (item) {
      var labels = item.dataset.labels.split("\n");
      var shown = labels.some(function (label) { return !off[label]; }) && (!speaker || item.dataset.speaker === speaker);
      item.classList.toggle("hide", !shown);
    });
  }
  root.querySelectorAll(".key button").forEach(function (button) {
    button.addEventListener("click", function () {
      off[button.value] = !off[button.value];
      button.setAttribute("aria-pressed", String(!off[button.value]));
      apply();
    });
  });
  var select = root.querySelector(".key select");
  if (select) select.addEventListener("change", function () { speaker = select.value; apply(); });
})(document.getElementById("ROOT"));
