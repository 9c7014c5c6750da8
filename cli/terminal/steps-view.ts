import type { ProgressStep } from "../../server/contract/index.ts";
import { serverClock } from "../api/client.ts";
import { formatDuration, printable } from "./format.ts";

const MARKS = { pending: "·", running: "▸", waiting: "…", done: "✓" } as const;

export interface StepsView {
	show(steps: readonly ProgressStep[], reason: string | null): void;
	/** Leaves what was shown and prints a last line. Only the first call counts. */
	end(line?: string): void;
}

/** Steps redrawn in place on a terminal; elsewhere one line for each step that starts, waits or is done. */
export function createStepsView(stream: NodeJS.WriteStream): StepsView {
	const live = stream.isTTY && process.env.TERM !== "dumb";
	let drawnLines = 0;
	let ended = false;
	let lastReason: string | null = null;
	const printed = new Set<string>();

	const redraw = (lines: readonly string[]) => {
		const up = drawnLines > 0 ? `\x1b[${drawnLines}A` : "";
		stream.write(
			`${up}${lines.map((line) => `\x1b[2K${fit(line, stream.columns)}\n`).join("")}\x1b[J`,
		);
		drawnLines = lines.length;
	};
	const printOnce = (line: string, key: string) => {
		if (printed.has(key)) return;
		printed.add(key);
		stream.write(`${line}\n`);
	};

	return {
		show(steps, reason) {
			if (live) {
				const now = new Date(serverClock.at(Date.now()));
				const lines = steps.map((step) => describeStep(step, now));
				redraw(reason === null ? lines : [...lines, `  ${printable(reason)}`]);
				return;
			}
			for (const step of steps) {
				if (step.state === "pending") continue;
				printOnce(describeStep(step, null), `${step.step} ${step.state}`);
			}
			if (reason !== null && reason !== lastReason) stream.write(`  ${printable(reason)}\n`);
			lastReason = reason;
		},
		end(line) {
			if (ended) return;
			ended = true;
			if (line !== undefined) stream.write(`${line}\n`);
		},
	};
}

/** `now` is for steps in progress; null leaves out their time. */
function describeStep(step: ProgressStep, now: Date | null): string {
	const start = `${MARKS[step.state]} ${step.step}`;
	if (step.startedAt === null) return start;
	const end = step.finishedAt ?? now?.toISOString();
	if (end === undefined) return `${start} …`;
	const elapsedMs = Math.max(0, new Date(end).getTime() - new Date(step.startedAt).getTime());
	return `${start}  ${formatDuration(elapsedMs)}`;
}

function fit(line: string, columns: number | undefined): string {
	return line.slice(0, Math.max(20, (columns ?? 80) - 1));
}
