-- AlterTable
ALTER TABLE "AuditEntry" ADD COLUMN     "actorName" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "outcome" TEXT NOT NULL DEFAULT 'succeeded';

-- AlterTable
ALTER TABLE "ApiToken" ADD COLUMN     "scope" TEXT NOT NULL DEFAULT 'full';
