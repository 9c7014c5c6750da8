import { LapsingTable } from "../../machine/lapsing-table.ts";
import { changeLeads, createLeads, type Leads } from "./ruleset.ts";

/** The agent's table for endpoints: where the kernel leads new connections. */
export class KernelTable extends LapsingTable<Leads> {
	constructor(homeDir: string, address: string) {
		super(
			{ homeDir, address },
			{
				use: "gateway",
				none: new Map(),
				isNone: (leads) => leads.size === 0,
				create: (table) => createLeads(table, address),
				change: changeLeads,
			},
		);
	}

	/** Every port with the addresses that the kernel leads it to now, if the rules are renewed in time. */
	get leads(): Leads {
		return this.rules;
	}
}
