// Which of light and dark the reader chose; the theme's button keeps it here.
document.body.dataset.theme = localStorage.getItem("theme") || "auto";
