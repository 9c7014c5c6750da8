/** What can be set for a run. Each scenario has its own defaults. */
export interface ScenarioOptions {
	seed: number;
	/** A whole number from 0 to `below` - 1; the same seed gives the same numbers. */
	random(below: number): number;
	faults?: number;
	/** Restricts random faults, or the caches of a scenario, to those whose kind or name contains this text. */
	kind?: string;
	kills?: number;
	strikes?: number;
	seconds?: number;
	/** Reports its progress. */
	log(message: string): void;
}

export interface Scenario {
	name: string;
	/** The guarantee, with the number of its failure story where there is one. */
	description: string;
	/** Why it can't be run on this machine; null when it can. */
	whyNot?(): string | null;
	/** Returns what was found; throws a Violation, or any error, if the guarantee was broken. */
	run(options: ScenarioOptions): Promise<string>;
}

export class Violation extends Error {
	constructor(message: string) {
		super(message);
		this.name = "Violation";
	}
}
