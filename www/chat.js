// The panel of the chat: a prompt by POST, its answer token by token, and what comes instead of an answer.

import { EventSourceError, events } from '/dist/index.js';
import { changeAtEnd, element, field, putAtEnd } from './dom.js';
import { failureCard } from './failure-card.js';
import { PanelStatus } from './panel-status.js';
import { offerTrouble, randomClient } from './trouble.js';

/** Milliseconds from one token to the next: slow enough to stop it. */
const INTERVAL = 120;

export function startChat(panel) {
  const client = randomClient();
  const status = new PanelStatus(panel);
  const form = panel.querySelector('form');
  const conversation = field(panel, 'conversation');
  /** Aborts the latest request. */
  let controller = new AbortController();

  /** Sends the prompt; `key` is the API key, and `query` what else the server is asked for. */
  async function send({ key = 'demo', query = '' } = {}) {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    const { prompt } = Object.fromEntries(new FormData(form));
    const answer = element('p', 'answer');
    const tell = (state, label, text) => {
      status.log(text);
      // Another one may have taken its place.
      if (signal !== controller.signal) return;
      status.showState(state, label);
      if (state === 'closed') status.announce(text);
    };

    changeAtEnd(conversation, () => {
      putAtEnd(conversation, element('p', 'prompt', prompt));
      putAtEnd(conversation, answer);
    });
    status.clearMarks();
    tell('connecting', 'waiting', 'sent by POST');

    try {
      let isComplete = false;
      for await (const { data } of events(
        `/events/openai/v1/chat/completions?client=${client}&interval=${INTERVAL}${query}`,
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) },
          body: JSON.stringify({ model: 'demo', stream: true, messages: [{ role: 'user', content: prompt }] }),
          signal,
          until: '[DONE]',
        },
      )) {
        const [{ delta, finish_reason: reason }] = JSON.parse(data).choices;
        if (delta.role) tell('open', 'streaming', 'the answer begins');
        if (reason) isComplete = true;
        if (delta.content) {
          changeAtEnd(conversation, () => answer.append(delta.content));
          status.mark();
        }
      }
      tell(
        'closed',
        isComplete ? 'complete' : 'broken',
        isComplete ? '[DONE]: the answer is complete' : 'the answer ended too soon',
      );
    } catch (error) {
      if (signal.aborted) {
        tell('closed', 'stopped', 'stopped by the page');
        return;
      }
      status.mark('lost');
      const isRefused = error instanceof EventSourceError;
      const told = isRefused ? failureCard(error) : element('p', 'broken', `${error}`);
      putAtEnd(conversation, told);
      // A card is read from its beginning.
      conversation.scrollTop += told.getBoundingClientRect().top - conversation.getBoundingClientRect().top - 12;
      if (isRefused) tell('closed', 'refused', `refused with status ${error.status}`);
      else tell('closed', 'broken', 'the connection broke');
    } finally {
      answer.classList.add('ended');
    }
  }

  const offer = (action, act) => panel.querySelector(`[data-action="${action}"]`).addEventListener('click', act);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  offer('stop', () => controller.abort());
  offer('no-key', () => send({ key: '' }));
  // Each time another `key`, because the server counts the requests of each.
  offer('too-often', () => send({ query: `&limited=1&retry-after=5&key=${randomClient()}` }));
  offerTrouble(panel, client, status);
}
