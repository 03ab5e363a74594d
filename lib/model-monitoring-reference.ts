import { AlarmBase, IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { IConstruct } from 'constructs';

/** A pipeline's dashboard and alarms, as other stacks see them. */
export interface IModelMonitoring extends IConstruct {
  /** Name of the dashboard. */
  readonly dashboardName: string;
  /** Where alarms are told. */
  readonly alarmTopic: ITopic;
  /** What the endpoint's callers would notice: for composite alarms, for widgets, for updates that they are to roll back. */
  readonly alarms: IAlarm[];

  /** Tells people of an alarm as of those of the endpoint: when it goes off, and when it is over. */
  addAlarm(alarm: AlarmBase): void;
}

/** How to refer to monitoring that another stack owns. */
export interface ModelMonitoringAttributes {
  /** Name of the dashboard. */
  readonly dashboardName: string;
  /** ARN of the topic that alarms are told to. It must be in the region of the alarms that are added. */
  readonly alarmTopicArn: string;
  /**
   * ARNs of the alarms on the endpoint.
   *
   * @default - none are known here
   */
  readonly alarmArns?: string[];
}
