import './replaceEventSource.js';
import { createApp } from 'vue';
import { Events } from './Events.js';

createApp(Events).mount('#app');
