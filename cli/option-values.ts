import { InvalidArgumentError } from "commander";
import { MIB } from "../server/contract/limits.ts";
import { parseBytes } from "./terminal/format.ts";

export function wholeNumber(text: string): number {
	if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
	return Number(text);
}

export function positiveSeconds(text: string): number {
	const seconds = Number(text);
	if (!(seconds > 0)) throw new InvalidArgumentError("It must be a number of seconds above 0.");
	return seconds;
}

/** For an option that may be repeated, or a list of arguments: `key=value`. */
export function collectPair(
	text: string,
	before: Readonly<Record<string, string>> = {},
): Record<string, string> {
	const at = text.indexOf("=");
	if (at < 1) throw new InvalidArgumentError("Write key=value.");
	return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function collectText(text: string, before: readonly string[] = []): string[] {
	return [...before, text];
}

/** `on` and `off`, or ElastiCache's words for them. */
export function clusterMode(text: string): "enabled" | "disabled" {
	if (text === "on" || text === "enabled") return "enabled";
	if (text === "off" || text === "disabled") return "disabled";
	throw new InvalidArgumentError("It must be on or off.");
}

/** The same for a running cache, and ElastiCache's step between the two. */
export function wantedClusterMode(text: string): "enabled" | "disabled" | "compatible" {
	return text === "compatible" ? text : clusterMode(text);
}

/** Whole MiB from `2GiB` or `512 MiB`. */
export function wholeMib(text: string): number {
	const bytes = parseBytes(text);
	if (bytes === null || bytes % MIB !== 0) {
		throw new InvalidArgumentError("It must be a whole number of MiB, such as 512MiB or 2GiB.");
	}
	return bytes / MIB;
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time, or how long ago it was: `90m`, `24h`, `7d`. */
export function pastInstant(text: string): (now: Date) => Date {
	const span = /^(\d{1,6})([mhd])$/.exec(text);
	if (span !== null) {
		const ms = Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS];
		return (now) => new Date(now.getTime() - ms);
	}
	const time = /^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text) ? new Date(text) : new Date(Number.NaN);
	if (Number.isNaN(time.getTime())) {
		throw new InvalidArgumentError("Write 90m, 24h, 7d, or a time such as 2026-11-29T12:00:00Z.");
	}
	return () => time;
}
