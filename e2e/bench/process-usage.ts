import { readFileSync } from "node:fs";

/** A field of /proc/<pid>/<file> that the kernel gives in kB, in MiB. */
export function mebibytes(pid: number, file: "status" | "smaps_rollup", field: string): number {
	const text = readFileSync(`/proc/${pid}/${file}`, "utf8");
	return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
}

/** User and system time since the process started. The kernel counts in hundredths. */
export function cpuSeconds(pid: number): number {
	const [user = 0, system = 0] = times(pid);
	return (user + system) / 100;
}

/** The same, including all processes that it has started, even those that have ended. */
export function cpuSecondsWithChildren(pid: number): number {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
	const living = children.split(" ").filter(Boolean).map(Number);
	const own = times(pid).reduce((sum, ticks) => sum + ticks, 0) / 100;
	return living.reduce((sum, child) => sum + cpuSeconds(child), own);
}

/** User and system time of the process, then of its children that have ended. */
function times(pid: number): number[] {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return fields.slice(11, 15).map(Number);
}
