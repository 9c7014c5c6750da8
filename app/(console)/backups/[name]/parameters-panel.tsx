import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";

/** The parameters that the cache had, as far as they differ from the defaults. */
export function ParametersPanel({ snapshot }: { snapshot: Snapshot }) {
	const { parameterGroup, parameters } = snapshot;
	const values = Object.entries(parameters);
	return (
		<Panel title="Parameters">
			<p className="text-[0.8125rem] text-muted">
				The cache used group{" "}
				<PageLink
					href={`/parameter-groups/${parameterGroup}`}
					className="break-all text-foreground hover:underline"
				>
					{parameterGroup}
				</PageLink>
				{values.length === 0 ? ", with Larder's default values." : ", with these values:"}
			</p>
			{values.length > 0 && (
				<dl className="mt-2.5 flex flex-col gap-1.5 font-mono text-[0.8125rem]">
					{values.map(([name, value]) => (
						<div key={name} className="flex justify-between gap-4">
							<dt className="min-w-0 wrap-anywhere">{name}</dt>
							<dd className="min-w-0 text-right text-muted wrap-anywhere">{value}</dd>
						</div>
					))}
				</dl>
			)}
		</Panel>
	);
}
