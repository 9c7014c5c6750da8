import type { Host } from "../../../server/contract/index.ts";
import { CLOCK_OFF_MS } from "../../../server/contract/limits.ts";
import { linesWithNames } from "../../terminal/format.ts";

/** Such as "online, draining". */
export function describeState(host: Host): string {
	const draining = host.nodeCount === 0 ? "drained" : "draining";
	return [
		host.status,
		...(host.lost ? ["lost"] : []),
		...(host.clockWarning === null ? [] : ["clock out of sync"]),
		...host.warnings.filter(({ severity }) => severity !== "info").map(({ title }) => title),
		...(host.draining ? [draining] : host.cordoned ? ["cordoned"] : []),
	].join(", ");
}

/** One line per warning, after the hosts that it applies to, such as "a, b: The disk is full. …" */
export function describeWarnings(hosts: readonly Host[]): string[] {
	return linesWithNames(
		hosts.flatMap(({ name, warnings }) =>
			warnings.map((warning) => ({ name, line: warningLine(warning) })),
		),
	);
}

/** How far off its clock is, such as "3.0 s ahead". */
export function describeClock({ clockAheadMs }: Host): string {
	if (clockAheadMs === null) return "-";
	if (Math.abs(clockAheadMs) < CLOCK_OFF_MS) return "in sync";
	const seconds = (Math.abs(clockAheadMs) / 1_000).toFixed(1);
	return `${seconds} s ${clockAheadMs > 0 ? "ahead" : "behind"}`;
}

/** What is wrong, what to do, and the command that does it. */
export function warningLine({ message, remedy, command }: Host["warnings"][number]): string {
	return [message, remedy, ...(command === null ? [] : [`Command: ${command}`])].join(" ");
}
