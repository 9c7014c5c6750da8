import { expect, it } from "vitest";
import { TestFleet } from "../testing/test-fleet.ts";

/** As in the reconciler, which looks at each cache every ten seconds. */
async function passQuietly(fleet: TestFleet, seconds: number): Promise<void> {
	for (let passed = 0; passed < seconds; passed += 10) {
		await fleet.passSeconds(10);
		await fleet.look();
	}
}

it("primaries stay where a failover left them for a quiet minute; then the periodic look spreads them again", async () => {
	const fleet = await TestFleet.open();
	await fleet.create({ clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
	const leadingHosts = async () =>
		(await fleet.members())
			.filter(({ role }) => role === "primary")
			.map(({ host }) => host)
			.sort();
	expect(await leadingHosts()).toEqual(["h1", "h2", "h3"]);
	const away = fleet.hosts.filter(({ enrollment }) => enrollment.name === "h1");
	await fleet.silence(["h1"], 11);
	await fleet.converge();
	fleet.hosts.push(...away);
	await fleet.converge();
	const gathered = await leadingHosts();
	expect(new Set(gathered)).toHaveProperty("size", 2);

	await passQuietly(fleet, 50);
	await fleet.converge();
	expect(await leadingHosts()).toEqual(gathered);
	await passQuietly(fleet, 20);
	await fleet.converge();
	expect(await leadingHosts()).toEqual(["h1", "h2", "h3"]);
});
