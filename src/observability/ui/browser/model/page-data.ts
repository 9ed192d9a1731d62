import type { Explanation } from '../../../../ask/explain/explanation.ts';
import type { BackendReport } from '../../../../ask/reports/backend-report.ts';
import type { ProblemReport } from '../../../../ask/reports/problem-report.ts';
import type { RouteReport } from '../../../../ask/reports/route-report.ts';
import type { StatusReport } from '../../../../ask/reports/status-report.ts';
import type { CertificatesReport } from '../../../../cli/certificate-report.ts';
import type { ConnectionSummary, EndingSummary } from '../../../../workers/protocol.ts';

/** What each page of the program gives. */
export interface PageData {
  readonly '/debug/status': StatusReport;
  readonly '/debug/route-report': RouteReport;
  readonly '/debug/backends': BackendReport;
  readonly '/debug/explain': Explanation;
  readonly '/debug/connections': readonly ConnectionSummary[];
  readonly '/debug/endings': readonly EndingSummary[];
  readonly '/debug/certificates': CertificatesReport;
  readonly '/debug/problems': ProblemReport;
}

export type PageName = keyof PageData;
