// A file may be dropped anywhere around its field, not only on it.

for (const place of document.querySelectorAll("[data-drop]")) {
  const field = place.querySelector("input[type=file]");
  const mark = (is) => place.classList.toggle("console-drop--over", is);
  place.addEventListener("dragover", (event) => { event.preventDefault(); mark(true); });
  place.addEventListener("dragleave", () => mark(false));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files.length === 1) {
      field.files = event.dataTransfer.files;
      field.focus();
    }
  });
}
