/** What the page asks the server, and how a refusal becomes an Error with its words. */

const GONE = "The server does not answer. Is `mixtura serve` still running? Start it again, and open its new address.";

async function send(path, body, type) {
  let response;
  try {
    response = await fetch(path, { method: "POST", body, headers: { "Content-Type": type } });
  } catch {
    throw new Error(GONE);
  }
  if (!response.ok) throw new Error((await response.text()).trim() || `The server answers ${response.status}.`);
  return response.json();
}

/** Ask with JSON; the answer is JSON. */
export const ask = (name, document = {}) => send(`api/${name}`, JSON.stringify(document), "application/json");

/** Send a file as it is. */
export const upload = (file) =>
  send(`api/upload?name=${encodeURIComponent(file.name)}`, file, "application/octet-stream");

/** Give the reader a file that was made here. */
export function save(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
