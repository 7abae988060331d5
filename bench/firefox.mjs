// Firefox, started anew for each page: in one that runs, a page may get a used process.

/** @param {{ firefox: string, geckodriver: string }} programs */
export function startFirefox({ firefox, geckodriver }) {
  let version;
  return {
    version: () => version,
    /** Opens a page in a new browser, which ends with it. */
    async open(url) {
      // Imported here, because npm may only now have installed it.
      const { Builder } = await import('selenium-webdriver');
      const { Options, ServiceBuilder } = await import('selenium-webdriver/firefox.js');
      const options = new Options()
        .addArguments('-headless')
        .setBinary(firefox)
        // Its clock is otherwise one of whole milliseconds.
        .setPreference('privacy.reduceTimerPrecision', false);
      const driver = await new Builder()
        .forBrowser('firefox')
        .setFirefoxOptions(options)
        .setFirefoxService(new ServiceBuilder(geckodriver))
        .build();
      version = (await driver.getCapabilities()).getBrowserVersion();
      await driver.get(url);
      return { close: () => driver.quit() };
    },
  };
}
