import type { Difference } from "./modification.ts";

/** Each field before and after, and when the change takes effect. */
export function DifferenceList({ list }: { list: readonly Difference[] }) {
	return (
		<section aria-label="What changes" aria-live="polite" className="text-[0.8125rem]">
			{list.length === 0 ? (
				<p className="text-muted">Nothing yet.</p>
			) : (
				<ul className="flex flex-col gap-2">
					{list.map(({ field, from, to, effect }) => (
						<li key={field}>
							<span className="font-medium">{field}</span>{" "}
							<del className="break-words text-muted">{from}</del>{" "}
							<span aria-hidden className="text-muted">
								→
							</span>{" "}
							<ins className="break-words no-underline">{to}</ins>
							<span className="block text-xs text-muted">Takes effect {effect}.</span>
						</li>
					))}
				</ul>
			)}
		</section>
	);
}
