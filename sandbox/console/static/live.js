// Keeps the page of a run that goes on up to date. Without it, "Look again" does the same.

const live = document.getElementById("live");
const pause = document.getElementById("pause");
let isPaused = false;

/** Looks every few seconds, as long as nobody pauses it, and has `takeOver(fresh)` take over what is new on the page.
    A page that has ended, or is of another shape by `hasItsShape(fresh)`, is loaded whole. */
export function keepUpToDate(takeOver, hasItsShape = () => true) {
  async function look() {
    if (!isPaused && !document.hidden) {
      try {
        const answer = await fetch(location.href, { redirect: "error" });
        if (answer.ok) {
          const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
          if (!fresh.getElementById("live") || !hasItsShape(fresh)) { location.reload(); return; }
          takeOver(fresh);
        }
      } catch { /* the sandbox may be away for a moment */ }
    }
    setTimeout(look, live.dataset.every * 1000);
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
  });
  setTimeout(look, live.dataset.every * 1000);
}
