// A large file on its way to the server: piece by piece, so that nobody holds more than one of them at once.

const PIECE = 4 * 1024 * 1024;

// to(token, at): where a piece goes; goes(size): false stops. Gives the token, or nothing when it was stopped.
export async function sendPieces(whole, to, goes) {
  let token = "";
  for (let at = 0; at < whole.size || !token; at += PIECE) {
    const answer = await post(to(token, at), whole.slice(at, at + PIECE));
    token = answer.token;
    if (!goes(answer.size)) return null;
  }
  return token;
}

export async function post(address, body) {
  const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content, "Content-Type": "application/octet-stream" };
  const answer = await fetch(address, { method: "POST", headers, body });
  const found = await answer.json().catch(() => ({ error: "Pilothouse did not take it." }));
  if (!answer.ok) throw new Error(found.error);
  return found;
}
