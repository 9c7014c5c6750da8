import process from "node:process";

const FRAME_MS = 120;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** `0.4 s`, `75 s`: how long a stage took, for people. */
export function formatSeconds(ms) {
	return ms < 9_950 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}

/**
 * Prints one line for every stage that ends. On a terminal, a last line shows what runs now and for how long; elsewhere
 * (a log, CI), a line is also printed for every stage that starts.
 */
export function createProgress(stream = process.stdout) {
	const live = stream.isTTY === true && process.env.TERM !== "dumb";
	const running = new Map();
	let frame = 0;
	let timer;

	const clear = () => {
		if (live) stream.write("\r\x1b[2K");
	};
	const draw = () => {
		if (!live || running.size === 0) return;
		const parts = [...running].map(([title, { startedAt, detail }]) => {
			const elapsed = `${Math.round((performance.now() - startedAt) / 1_000)} s`;
			return detail === "" ? `${title} ${elapsed}` : `${title} ${elapsed} (${detail})`;
		});
		const text = `${FRAMES[frame % FRAMES.length]} ${parts.join(" · ")}`;
		frame += 1;
		stream.write(`\r\x1b[2K${text.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
	};
	const line = (text) => {
		clear();
		stream.write(`${text}\n`);
		draw();
	};

	return {
		line,
		start(title) {
			running.set(title, { startedAt: performance.now(), detail: "" });
			if (!live) line(`- ${title} …`);
			if (live && timer === undefined) {
				timer = setInterval(draw, FRAME_MS);
				timer.unref();
			}
		},
		/** What the stage is doing. Shown on the live line; printed where there is none. */
		detail(title, detail) {
			const entry = running.get(title);
			if (entry === undefined) return;
			entry.detail = detail;
			if (!live) line(`    ${title}: ${detail}`);
		},
		finish(title, outcome) {
			const entry = running.get(title);
			running.delete(title);
			const elapsed = entry === undefined ? 0 : performance.now() - entry.startedAt;
			const mark = outcome.ok ? "✓" : "✗";
			const note = outcome.note === undefined ? "" : `: ${outcome.note}`;
			line(`${mark} ${title}${note} (${formatSeconds(elapsed)})`);
			if (running.size === 0) {
				clearInterval(timer);
				timer = undefined;
				clear();
			}
		},
	};
}
