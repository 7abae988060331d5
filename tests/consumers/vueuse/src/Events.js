import { useEventSource } from '@vueuse/core';
import { h, ref, watch } from 'vue';

/** Shows the data of all messages so far. */
export const Events = {
  setup() {
    const { data } = useEventSource('/events');
    const lines = ref('');
    watch(data, (message) => {
      lines.value += `${message}\n`;
    });
    return () => h('pre', { id: 'events' }, lines.value);
  },
};
