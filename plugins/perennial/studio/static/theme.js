// Follows Airflow's light and dark: the Studio stands in its frame, on the same site, and reads what it has kept.
(() => {
  const follow = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("theme");
    } catch {
      // Without storage the system's own choice holds.
    }
    const known = chosen === "dark" || chosen === "light";
    if (known) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
  };
  follow();
  addEventListener("storage", follow);
})();
