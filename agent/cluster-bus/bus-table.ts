import { LapsingTable } from "../machine/lapsing-table.ts";
import { type BusRules, changeBusRules, createBusRules } from "./bus-rules.ts";

/** The agent's table for cluster buses: who may connect to them. */
export class BusTable extends LapsingTable<BusRules> {
	constructor(homeDir: string, address: string) {
		super(
			{ homeDir, address },
			{
				use: "cluster-bus",
				none: new Map(),
				isNone: (rules) => rules.size === 0,
				create: createBusRules,
				change: changeBusRules,
			},
		);
	}
}
