/** What can be set when a scenario is run: each takes its own default for what is absent. */
export interface ScenarioOptions {
	seed: number;
	/** Whole numbers from 0 up to `below`, the same for the same seed. */
	random(below: number): number;
	faults?: number;
	/** Random faults, or caches of a scenario, whose kind has this text, and no others. */
	kind?: string;
	kills?: number;
	seconds?: number;
	/** Tells how far it is. */
	log(message: string): void;
}

export interface Scenario {
	name: string;
	/** The guarantee, with the number of its failure story where there is one. */
	description: string;
	/** Why it can't be run on this machine; null when it can. */
	whyNot?(): string | null;
	/** Gives back what was found; throws a Violation, or any error, when the guarantee was broken. */
	run(options: ScenarioOptions): Promise<string>;
}

export class Violation extends Error {
	constructor(message: string) {
		super(message);
		this.name = "Violation";
	}
}
