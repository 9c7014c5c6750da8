import type { DesiredState } from "../../server/contract/desired-state.ts";
import type { Names } from "../../server/contract/names.ts";

/** All names after an update, which brings either all names or those that have changed. Null without a zone. */
export function heldNames(held: Names | null, update: DesiredState["names"]): Names | null {
	if (update === undefined) return held;
	if (update === null || update.whole || held === null) return update;
	const names = new Map(held.names.map((record) => [record.name, record]));
	for (const name of update.removed) names.delete(name);
	for (const record of update.names) names.set(record.name, record);
	return { ...update, whole: true, names: [...names.values()], removed: [] };
}
