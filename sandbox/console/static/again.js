// Looks again, after some seconds, at what goes on; nothing is there to be typed meanwhile.

const going = document.querySelector("[data-again]");
if (going) {
  setTimeout(() => location.reload(), 1000 * Number(going.dataset.again));
}
