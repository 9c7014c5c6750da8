"use client";

import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { CALM_POLL_MS } from "../../../../_lib/queries.ts";
import { useTRPC } from "../../../../_lib/trpc.ts";
import { LoadFailure } from "../../../../_ui/detail-frame.tsx";
import { ForAdministrators } from "../../../../_ui/for-administrators.tsx";
import { Banner } from "../../../../_ui/notices.tsx";
import { OnlyAdministrators } from "../../../../_ui/only-administrators.tsx";
import { PageHeader } from "../../../../_ui/page-header.tsx";
import { pageHeadAt } from "../../../../_ui/shell/page-heads.ts";
import { BlockSkeleton } from "../../../../_ui/skeletons.tsx";
import { ModifyForm } from "./modify-form.tsx";

/** The page that changes a running cache: fields on one side, what they would do on the other. */
export function ModifyCache({ name }: { name: string }) {
	const path = `/caches/${encodeURIComponent(name)}`;
	return (
		<>
			<PageHeader {...pageHeadAt(`${path}/modify`)} />
			<ForAdministrators
				otherwise={
					<OnlyAdministrators
						what="modify caches"
						back={{ href: path, label: `Back to ${name}` }}
					/>
				}
			>
				<LoadedForm name={name} />
			</ForAdministrators>
		</>
	);
}

function LoadedForm({ name }: { name: string }): ReactNode {
	const trpc = useTRPC();
	const query = useQuery(trpc.caches.get.queryOptions({ name }, { refetchInterval: CALM_POLL_MS }));
	if (query.isPending) return <BlockSkeleton className="h-72" label="Loading" />;
	if (query.data === undefined) return <LoadFailure name={name} query={query} />;
	if (query.data.status === "deleting") {
		return (
			<Banner tone="neutral" icon={Trash2} title="Deleting">
				This cache is being deleted, so it can't be modified.
			</Banner>
		);
	}
	return <ModifyForm cache={query.data} />;
}
