import { InvalidArgumentError } from "commander";

export function wholeNumber(text: string): number {
	if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
	return Number(text);
}

export function positiveSeconds(text: string): number {
	const seconds = Number(text);
	if (!(seconds > 0)) throw new InvalidArgumentError("It must be a number of seconds above 0.");
	return seconds;
}
