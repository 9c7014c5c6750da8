import { defineConfig } from "@playwright/test";
import { LAUNCH_OPTIONS } from "./e2e/fixtures/browser.ts";

export default defineConfig({
	testDir: "e2e/console",
	globalSetup: "./e2e/fixtures/reclaim-abandoned.ts",
	testMatch: "**/*.spec.ts",
	outputDir: "test-results",
	// Only ends what hangs: the machine does other work at the same time.
	timeout: 240_000,
	expect: { timeout: 60_000 },
	// Each worker has an installation of its own: five processes and its engines.
	workers: 1,
	forbidOnly: process.env.CI !== undefined,
	reporter: [["list"]],
	use: {
		browserName: "chromium",
		// Without a graphics card, animations and video cost more processor time than everything that is tested.
		contextOptions: { reducedMotion: "reduce" },
		// A trace copies the page at every step, which takes as long as the step.
		trace: process.env.LARDER_TRACE === undefined ? "off" : "retain-on-failure",
		screenshot: "only-on-failure",
		launchOptions: LAUNCH_OPTIONS,
	},
});
