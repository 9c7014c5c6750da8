/** A host that carries nodes, as safe mode sees it. */
export interface HostSilence {
	/** When it was last heard from; null while it reports. */
	silentSince: Date | null;
}

/** Hosts that fall silent within this time count as gone at once. */
const AT_ONCE_MS = 30_000;

/**
 * Whether so many hosts fell silent at once that the observer is more likely cut off than the hosts gone.
 * Then nothing is replaced until hosts return, or a person says which of them won't.
 *
 * The rule: two hosts or more, and at least half of those that carry nodes, were last heard from within 30 s
 * of each other and are still silent. So
 *   - of 2 or 3 hosts, two that go together; of 4 or 5, two and three; of 100, fifty;
 *   - not a single host, however few there are, and not hosts that go one after another: each is replaced;
 *   - not one zone of three or more: a third of the hosts is a loss to repair. With two zones, the loss of
 *     one looks the same as a cut between them, so that is safe mode.
 * `hosts` are those that carry nodes, except those that a person has declared lost.
 */
export function isSafeMode(hosts: readonly HostSilence[]): boolean {
	const times = hosts
		.flatMap(({ silentSince }) => silentSince?.getTime() ?? [])
		.sort((a, b) => a - b);
	const needed = Math.max(2, hosts.length / 2);
	return times.some((first, index) => {
		const together = times.slice(index).filter((time) => time - first <= AT_ONCE_MS);
		return together.length >= needed;
	});
}
