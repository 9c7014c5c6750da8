import { existsSync } from "node:fs";
import process from "node:process";
import { onPath } from "./requirements.mjs";
import { runCommand } from "./run-command.mjs";
import { StageError } from "./stage-error.mjs";

const INSTALL_REMEDY =
	"Install Debian's as root (apt-get install chromium-headless-shell), or run `npx playwright install chromium`, or name one with LARDER_BROWSER.";

/** Chromium without windows takes a quarter less processor time to open a page. */
const PACKAGE = "chromium-headless-shell";

/** A Chromium for the console's tests, which look for it in the same places. */
export function browserStage(root) {
	return {
		name: "browser",
		title: "Find a browser",
		after: ["dependencies"],
		async run({ detail }) {
			const found = systemBrowser() ?? (await playwrightBrowser());
			if (found !== null) return found;
			if (process.getuid?.() !== 0 || !onPath("apt-get")) {
				throw new StageError("There is no Chromium for the console's tests.", {
					remedy: INSTALL_REMEDY,
				});
			}
			const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
			const options = { cwd: root, env, what: `Installing ${PACKAGE}`, remedy: INSTALL_REMEDY };
			detail("apt-get update");
			await runCommand("apt-get", ["update"], options);
			detail(`apt-get install ${PACKAGE}`);
			await runCommand("apt-get", ["install", "-y", "--no-install-recommends", PACKAGE], options);
			const installed = systemBrowser();
			if (installed === null) {
				throw new StageError(`${PACKAGE} was installed but isn't in /usr/bin.`, {
					remedy: INSTALL_REMEDY,
				});
			}
			return installed;
		},
	};
}

/** @returns {string | null} */
export function systemBrowser() {
	const places = [
		process.env.LARDER_BROWSER,
		`/usr/bin/${PACKAGE}`,
		"/usr/bin/chromium",
		"/usr/bin/chromium-browser",
	];
	return places.find((path) => path !== undefined && path !== "" && existsSync(path)) ?? null;
}

async function playwrightBrowser() {
	const { chromium } = await import("@playwright/test");
	const path = chromium.executablePath();
	return existsSync(path) ? path : null;
}
