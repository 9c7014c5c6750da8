import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { UserList } from "./user-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/users"].title };

export default function UsersPage() {
	return <UserList />;
}
