"use client";

import { useMe } from "../../_lib/queries.ts";
import { ROLE_NAMES } from "../../_lib/roles.ts";
import { Chip } from "../../_ui/chip.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { PasswordForm } from "./password-form.tsx";
import { SessionsPanel } from "./sessions-panel.tsx";

const HEAD = PAGE_HEADS["/account"];

/** The signed-in person's own account. */
export function AccountPage() {
	const { data: me } = useMe();
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={me?.name ?? HEAD.title}
				{...(me === undefined
					? {}
					: { meta: <Chip>{ROLE_NAMES[me.access === "full" ? "administrator" : "viewer"]}</Chip> })}
				// Until it is known, a blank line keeps its place.
				description={me?.email ?? "\u00a0"}
			/>
			<div className="flex max-w-4xl flex-col gap-5">
				<Panel title="Change password">
					<PasswordForm />
				</Panel>
				<SessionsPanel />
			</div>
		</>
	);
}
