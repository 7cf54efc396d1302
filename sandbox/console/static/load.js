// Keeps the page of a replay that goes on up to date. Without it, "Look again" does the same.

const live = document.getElementById("live");
const pause = document.getElementById("pause");
let isPaused = false;

pause.hidden = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
});

function parts(page) {
  return page.querySelectorAll("[data-live]").length;
}

function takeOver(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    // What stays the same is left alone, so that a screen reader says only what is new.
    if (now && now.textContent !== part.textContent) part.replaceChildren(...now.childNodes);
  }
  const figures = fresh.querySelectorAll(".console-chart");
  document.querySelectorAll(".console-chart").forEach((figure, at) => {
    const [image, next] = [figure.querySelector("img"), figures[at].querySelector("img")];
    if (image.getAttribute("src") !== next.getAttribute("src")) image.src = next.getAttribute("src");
    image.alt = next.alt;
    figure.querySelector("tbody").replaceChildren(...figures[at].querySelector("tbody").childNodes);
  });
}

async function look() {
  if (!isPaused && !document.hidden) {
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        // A page of another shape is loaded whole: the replay has begun to tell, or has ended.
        if (!fresh.getElementById("live") || parts(fresh) !== parts(document)) { location.reload(); return; }
        takeOver(fresh);
      }
    } catch { /* the sandbox may be away for a moment */ }
  }
  setTimeout(look, live.dataset.every * 1000);
}

setTimeout(look, live.dataset.every * 1000);
