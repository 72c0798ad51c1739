// Runs before the first paint, so that a chosen theme never flashes; the switch itself is in the shell.
{
  const chosen = localStorage.getItem("inkread-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
