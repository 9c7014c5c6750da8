/** The process that all simulated hosts live in, apart from what is measured. It ends with its parent. */
import type { FleetAnswer, FleetCall } from "./fleet-link.ts";
import { SimulatedFleet } from "./simulated-fleet.ts";

const fleet = new SimulatedFleet();

process.on("disconnect", () => process.exit());
process.on("message", (call: FleetCall) => {
	void carryOut(call).then(
		(result) => answer({ id: call.id, result }),
		(error: unknown) => answer({ id: call.id, error: String(error) }),
	);
});

function answer(message: FleetAnswer): void {
	process.send?.(message);
}

async function carryOut(call: FleetCall): Promise<unknown> {
	switch (call.do) {
		case "join":
			return await fleet.join(call.places, call.url, call.joinToken);
		case "lose":
			return fleet.lose(call.names);
		case "take-journal":
			return fleet.takeJournal();
		case "take-traffic":
			return fleet.takeTraffic();
	}
}
