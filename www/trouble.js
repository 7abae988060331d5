// The buttons that make the server break the streams of one panel, and of no one else.

/** What each button asks of the server, in order. */
const TROUBLES = {
  end: ['/drop?how=end'],
  cut: ['/drop?how=cut'],
  // Refusing concerns new connections only, so the one that is open has to go.
  refuse: ['/refuse?for=5000', '/drop?how=cut'],
};

/** A name that the server can tell this panel's streams by; other pages have other ones. */
export function randomClient() {
  // Not `randomUUID`: it is there on HTTPS and localhost only.
  const [number] = crypto.getRandomValues(new BigUint64Array(1));
  return number.toString(36);
}

/** Lets the buttons that `panel` has make trouble for the streams named `client`. */
export function offerTrouble(panel, client, status) {
  for (const [action, requests] of Object.entries(TROUBLES)) {
    const button = panel.querySelector(`[data-action="${action}"]`);
    button?.addEventListener('click', async () => {
      status.log(`asked the server: ${button.textContent.toLowerCase()}`);
      try {
        for (const request of requests) await post(`${request}&client=${client}`, status);
      } catch (error) {
        status.log(`the server did not do it: ${error.message}`);
      }
    });
  }
}

async function post(url, status) {
  const response = await fetch(url, { method: 'POST' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  if (response.status === 204) return;
  const { dropped } = await response.json();
  if (dropped === 0) status.log('there was no open stream to break');
}
