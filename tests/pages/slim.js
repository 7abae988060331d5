// Gives the page the slim entry as a global: what Firefox's driver imports itself, no policy of the page applies to.
import * as slim from '/dist/slim.js';

globalThis.slim = slim;
