use super::{Count, Function};
use crate::promql::ast::ValueType;

#[test]
fn every_function_is_found_by_its_name() {
    for function in Function::ALL {
        assert_eq!(Function::named(function.signature().name), Some(*function));
    }
    assert_eq!(Function::named("Rate"), None);
    let experimental = Function::ALL.iter().filter(|f| f.signature().is_experimental).count();
    assert_eq!((Function::ALL.len(), experimental), (90, 17));
}

#[test]
fn counts_of_arguments() {
    let counts = |function: Function| (function.signature().least(), function.signature().most());
    assert_eq!(counts(Function::Time), (0, Some(0)));
    assert_eq!(counts(Function::Rate), (1, Some(1)));
    assert_eq!(counts(Function::Hour), (0, Some(1)));
    assert_eq!(counts(Function::Round), (1, Some(2)));
    assert_eq!(counts(Function::HistogramQuantiles), (3, Some(12)));
    assert_eq!(counts(Function::LabelJoin), (3, None));
    assert_eq!(Function::LabelJoin.signature().arg(7), Some(ValueType::String));
    assert_eq!(Function::Time.signature().arg(0), None);
    for function in Function::ALL {
        let signature = function.signature();
        assert!(signature.count == Count::Exact || !signature.args.is_empty(), "{}", signature.name);
    }
}
