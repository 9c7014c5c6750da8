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

/** Of an option that may be given several times, or of a list of arguments: `key=value`. */
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

/** Whole MiB from `2GiB` or `512 MiB`. */
export function wholeMib(text: string): number {
	const bytes = parseBytes(text);
	if (bytes === null || bytes % MIB !== 0) {
		throw new InvalidArgumentError("It must be whole MiB, such as 512MiB or 2GiB.");
	}
	return bytes / MIB;
}
