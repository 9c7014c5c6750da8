/** A host that carries nodes, as safe mode sees it. */
export interface HostSilence {
	/** When it was last heard from; null while it reports. */
	silentSince: Date | null;
}

/** Hosts that fall silent within this time of each other count as gone together. */
const TOGETHER_MS = 30_000;

/**
 * Whether so many hosts fell silent together that the control plane is more likely cut off than the hosts are gone.
 * Then nothing is replaced until hosts return, or a person says which of them won't.
 *
 * The rule: two hosts or more, and at least half of those that carry nodes, were last heard from within 30 s
 * of each other and are still silent. Therefore:
 *   - Two of 2, 3 or 4 hosts that go together cause safe mode, as do three of 5 and fifty of 100.
 *   - A single host doesn't, however few there are, nor do hosts that go one after another: each is replaced.
 *   - One zone of three or more doesn't: a third of the hosts is a loss to repair. With two zones, the loss of
 *     one looks the same as a cut between them, so it does.
 * `hosts` are those that carry nodes, except those that a person has declared lost.
 */
export function isSafeMode(hosts: readonly HostSilence[]): boolean {
	const times = hosts
		.flatMap(({ silentSince }) => silentSince?.getTime() ?? [])
		.sort((a, b) => a - b);
	const needed = Math.max(2, hosts.length / 2);
	return times.some((first, index) => {
		const together = times.slice(index).filter((time) => time - first <= TOGETHER_MS);
		return together.length >= needed;
	});
}
