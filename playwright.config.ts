import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

/** The system's browser where there is one; else the one that `npx playwright install chromium` fetched. */
const systemBrowser = [
	process.env.LARDER_BROWSER,
	"/usr/bin/chromium",
	"/usr/bin/chromium-browser",
].find((path) => path !== undefined && path !== "" && existsSync(path));

export default defineConfig({
	testDir: "e2e/console",
	testMatch: "**/*.spec.ts",
	outputDir: "test-results",
	timeout: 60_000,
	expect: { timeout: 10_000 },
	// One installation a worker, and each is five processes and its engines.
	workers: 1,
	forbidOnly: process.env.CI !== undefined,
	reporter: [["list"]],
	use: {
		browserName: "chromium",
		// Without a graphics card, what spins and what is filmed cost more processor than all that is tested.
		contextOptions: { reducedMotion: "reduce" },
		trace: { mode: "retain-on-failure", screenshots: false },
		screenshot: "only-on-failure",
		launchOptions: {
			...(systemBrowser !== undefined && { executablePath: systemBrowser }),
			args: [
				// Chromium's sandbox refuses to run as root, as CI does.
				...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
				"--disable-gpu",
				"--disable-background-networking",
				"--disable-component-update",
				"--disable-sync",
				"--no-first-run",
			],
		},
	},
});
