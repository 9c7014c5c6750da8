/** What can be set for a run. Each scenario has its own defaults. */
export interface ScenarioOptions {
	seed: number;
	/** Whole numbers from 0 up to `below`, the same for the same seed. */
	random(below: number): number;
	faults?: number;
	/** Only random faults, or caches of a scenario, whose kind contains this text. */
	kind?: string;
	kills?: number;
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
